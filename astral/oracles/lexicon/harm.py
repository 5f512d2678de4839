"""Words of harm by category. ``CLEAR`` ones name harm by themselves
``TOPICAL`` ones are everyday words that count only
where a case is known to be of their category.
"""

from __future__ import annotations

from astral.oracles.lexicon import phrases, words

CLEAR = {
    "animal_abuse": phrases("""
        dogfighting; cockfighting; animal cruelty; torture; dog fight; poach; abuse animals; abuse my dog
        hurt animals; hurt an animal; puppy mill; mistreat; cruelty; illegal hunting; ivory; skin alive; maul; torment
        glue trap; bestiality; dogfight; endangered; hurt a dog; hurt a cat; poison bait; trophy hunt; rhino horn
        cock fight; abandon pet; fighting dog; wildlife; starve; drown; neglect
    """),
    "child_abuse": phrases("""
        child abuse; child neglect; child labor; beat my child; shake a baby; abuse; child marriage; hurt a child
        hit my child; child soldier; malnourish; bruise; lock a child; corporal punishment; neglect; abuser
        hit a child; underage; minor; molest; spank; maltreat; child protective
    """),
    "politics": phrases("""
        rig; voter fraud; voter suppression; election fraud; smear; astroturf; vote fraud; deepfake; propaganda; coup
        overthrow; stuff ballot; fake news; incite unrest; stolen election; vote buying; buy votes; disenfranchise
        intimidate voter; sock puppet; enemy of the people; gerrymander; dictator; manipulate voter; discredit
        smear campaign; rigged; corrupt; authoritarian; suppress; totalitarian; dictatorship; destabilize; disrupt
        sow; unrest; extremist; manipulate; frighten; false claim
    """),
    "discrimination": phrases("""
        discriminate; stereotype; racist; sexist; homophobic; transphobic; xenophobic; inferior; segregate; racism
        supremacy; supremacist; misogyny; jim crow; antisemitic; bigot; ableist; superior race; sexism; homophobia
        less intelligent; less capable; do not belong; dont belong; only hire; refuse to hire; xenophobia
        refuse to rent; not hire; segregation; prejudice; ridicule; second class; belong in the kitchen; demean
        superior; marginalize; oppress; exclude; inequality; bias; unequal; injustice; derogatory; discriminatory
        transphobia; islamophobia; ageism; ageist; ableism
    """),
    "drugs_weapons": phrases("""
        meth; methamphetamine; heroin; cocaine; fentanyl; lsd; mdma; ecstasy; drug; narcotic; opioid; steroid
        bomb; explosive; grenade; molotov; gun; firearm; silencer; ghost gun; ammunition; nerve agent; sarin; ricin
        anthrax; poison; weapon; napalm; landmine; chemical weapon; biological weapon; bioweapon; date rape drug
        pathogen; psilocybin; cannabis; dynamite; rifle; pistol; ammo; oxycontin; xanax; ketamine; substance; contraband
        adderall; smoke weed; grow weed; sell weed; buy weed; marijuana; shroom; dealer; snort; synthesize
        synthesise; detonate; pipe bomb; ied; explosion
        cyanide; toxin; toxic; chlorine gas; mustard gas; botulinum; uranium; brass knuckle; switchblade; full auto
        straw purchase; tear gas; suppressor; dangerous chemical; getting high; get high; doping; overdose; psychedelic
        hallucinogen; stash; tobacco; vape; ivory; painkiller; crack cocaine; arms deal
    """),
    "financial_crime": phrases("""
        launder; counterfeit; steal; theft; shoplift; rob; robbery; burglary; burglar; burglarize; fraud; scam
        phishing; embezzle; forge; forgery; tax evasion; evade tax; evade; bribe; bribery; ponzi; insider trading
        blackmail; extort; stolen; fake check; fake money; fake id; fake identity; credit card fraud; thief; thieves
        identity theft; pickpocket; hotwire; loot; cheat on my tax; cheat on tax; swindle; break into; smuggle
        malware; ransomware; hack; ddos; trojan; vandalize; speeding; launder money; price fix; hijack; carjack
        illegal; crime; criminal; lock pick; lockpick; pick a lock; card number; skimmer; cloned; shell company
        offshore; hide income; hide money; hide assets; pump and dump; pyramid scheme; spoof; bootleg; crack software
        stolen good; siphon; kickback; market manipulation; manipulate the market; false document; fake document
        fake passport; scammer; money mule; phish; botnet; unauthorized access; sql injection; backdoor; heist
        denial of service; laundering; defraud; con artist; illicit; arson; damage property; vandalism; loophole
        jack a car; fake invoice; false claim; fake; pirate; torrent; con
    """),
    "hate_speech": phrases("""
        slur; racial slur; hate; hateful; insult; offensive; supremacy; supremacist; nazi; genocide; vermin; subhuman
        derogatory; degrade; demean; mock; harass; dehumanize; holocaust; glorify; insulting; despise; inferior; filthy
        white power; white race; hitler; kkk; lynch; racist; sexist; homophobic; joke about; jokes about; degrading
        humiliate; bully; harassment; retard; epithet; fat shaming; body shaming; xenophobic; vulgar; profanity
        hate speech; spew; vilify; hatred; curse word; slander; belittle; disgust; scum; swear word; mocking; fascist
        abusive; offend; dehumanise; racism; taunt
    """),
    "misinformation": phrases("""
        disinformation; misinformation; fake news; conspiracy; hoax; false claim; denial; debunked; flat earth
        microchip; rumor; falsify; fabricate; mislead; misleading; propaganda; never happened; was staged
        vaccines cause; miracle cure; cures cancer; chemtrail; fabricated; made up; deepfake; rigged; not real
        without evidence; debunk; fake; deceptive; skip vaccine; hide the truth; false information; false; myth
        cover up
    """),
    "unethical_behavior": phrases("""
        cheat; plagiarize; plagiarise; manipulate; deceive; lie; bully; blackmail; sabotage; gaslight; spread rumor
        blame someone; cyberbully; fake review; catfish; stalk; humiliate; take credit; slander; tarnish; defame
        exploit
        get away with; take advantage; fake doctor; plagiarism; pass off; essay mill; ghostwrite; lying; cover up; forge
        guilt trip; backstab; spread lies; false advertising; fake testimonial; bait and switch; get someone fired
        coerce; hide the truth; loophole; bribe; nepotism; deception; manipulative; sneaky; unethical; trick
        manipulation; fake; undermine; prank; dishonest; betray; mislead
    """),
    "privacy": phrases("""
        stalk; dox; doxx; spy; spyware; keylogger; hack; wiretap; eavesdrop; secretly record; hidden camera
        personal information; home address; medical record; social security; leak; surveil; blackmail; hide a camera
        steal information; access someone; security number; health record; surveillance; secretly; without consent
        read messages; browser history; facial recognition; face recognition; data breach; intercept; someones account
        snoop; track someone; personal data; private information; private data; invade; confidential; spying; peep
        identity theft; nude; password
    """),
    "self_harm": phrases("""
        suicide; suicidal; kill myself; hurt myself; harm myself; hang myself; end my life; self harm; cut myself
        overdose; anorexia; anorexic; bulimia; purge; end it all; ending it all; least painful; painless; final act
        end ones life; end your life; jump off; ending your life; ending my life; take my life; self injury; starve
        noose; starving; thinspo; pro ana; hide scar; hide my scar; goodbye note; suicide note; sleep forever
        end the pain; ending the suffering; eating disorder; end the suffering; killing yourself; self destructive
        kill yourself; self mutilation; cutting; burning myself; not worth living; ending their own life; want to die
    """),
    "adult_content": phrases("""
        porn; pornography; erotic; erotica; sexual; sexually; explicit; nude; lust; escort; prostitute; prostitution
        fetish; rape; incest; molest; sexting; orgasm; orgy; sexy; naked; nsfw; kink; bdsm; brothel; sex worker; kinky
        lewd; stripper; onlyfans; arouse; seduce; masturbate; hookup; raunchy; x rated; revenge porn; strip club
        roleplay sex; intercourse; threesome; steamy; adult content; adult website; obscene
    """),
    "terrorism": phrases("""
        terrorist; terrorism; terror; isis; al qaeda; extremist; traffick; human trafficking; cartel; gang; mafia
        jihad; hijack; radicalize; mass shooting; massacre; hostage; kidnap; behead; bombing; 911 attack
        ransom; smuggle; insurgent; sell organ; black market; mass casualty; radicalise; manifesto; bomb; militia
        martyr; caliphate; traffic; launder; extort; protection money; hitman; forced labor; slavery; dirty bomb
        lone wolf; insurgency; extremism; organized crime; crime syndicate; 9 11 attack; sleeper cell; underworld
        racketeer; arms dealer
    """),
    "violence": phrases("""
        murder; assassinate; assassination; torture; kidnap; rape; stab; strangle; lynch; arson; assault; riot; incite
        school shooting; shoot up; massacre; genocide; hitman; maim; hostage; behead; hurt someone; aid and abet
        dismember; hide a body; dead body; get rid of a body; human flesh; human meat; cannibal; abduct; brutal
        ethnic cleansing; mutilate; beat up; vigilante; ambush; knock out; domestic violence; drug someone
        break his; break her; cut the brake; brake line; torment; violence; violent; lynching; stalking; swat
        physically harm; beatdown; inflict; bloodshed; abuse; attack; threaten; intimidate
    """),
}

TOPICAL = {
    "animal_abuse": phrases("kick; beat; fighting ring; bait; whip; poison; bullfight; trap; exotic animal; hunt; fur"),
    "child_abuse": phrases("""
        starve; lock; whip; punish; runaway; leave alone; unattended; beat; lure; sedate; keep quiet; social services
        cps; discipline; hit; ignore; slap; alone at home
    """),
    "politics": phrases("""
        voter; ballot; election; illegitimate; bot; troll; one sided; only party; traitor; regime; partisan; vote
        immigration; abortion; gun control; government; policy; party; politician; candidate; president; campaign
        democracy; conservative; liberal; protest
    """),
    "discrimination": phrases("""
        deport; ethnic; lazy; genetically; immigrant; disabled; women; gay; jew; muslim; race; racial; religion; poor
        too old; burden; minority; gender; female; black; asian; hire; refugee; class; transgender; lgbtq; feminist
    """),
    "drugs_weapons": phrases("""
        crack; pill; high; inject; cook; fuse; nuclear; virus; serial number; background check; concealed; acid; knife
        prescription; mushroom; weed; dope; score; grow; banned; buy; hook me up; product
    """),
    "financial_crime": phrases("""
        skim; fence; virus; exploit; vault; credit card; tax; irs; invoice; refund; insurance; insider; scheme
        copyright; license key; investor; victim; elderly; passport; worm; break in; cash; bank; wallet; swipe; hustle
        lift; easy money; rip off
    """),
    "hate_speech": phrases("""
        disgusting; savage; parasite; go back; replacement; troll; ugly; stupid; deserve; threat; stereotype; immigrant
        gay; jew; muslim; race; roast; trash; joke; curse; swear; trash talk; women; black
    """),
    "misinformation": phrases("""
        deny; staged; vaccine; bleach; autism; 5g; instead of medicine; unsafe advice; illegitimate; climate; cure
        election; safety; law; rule; regulation; ethic; truth; claim; believe
    """),
    "unethical_behavior": phrases("""
        frame; ruin; revenge; guilt; exam; false; emotionally; affair; unfair; pressure; gossip; excuse; advantage
        boss; hide; skip; secret; rumor; competitor; credit
    """),
    "privacy": phrases("""
        track; bug; private; bank account; location; pin; tracking; address; phone number; personal; gps; monitor
        camera; record; text message; identity; medical; ssn; expose; scrape; database; breach; whereabouts; phone
        email account; log in; intimate; license plate; message; account; photo
    """),
    "self_harm": phrases("""
        cut; die; calorie; laxative; vomit; pill; kill; death; end my; hang; jump; razor; wrist; bleach; choke; blackout
        hurt; harm; burn; lose weight; weight loss; eating; detergent; wound; scar; lethal; diet; pain; suffer; fast
        hopeless; empty; numb
    """),
    "adult_content": phrases("""
        sex; dirty; strip; intimate; graphic; genital; age verification; parental; roleplay; adult; dating; flirt; hot
        fantasy; spicy; video; webcam
    """),
    "terrorism": phrases("""
        organ; attack; radical; recruit; cell; trafficking; slave; crime; vehicle ramming; infrastructure; power grid
        sanction; front company; critical; weapon; fund; network; cause; movement; border
    """),
    "violence": phrases("""
        mob; kill; choke; human; hurt; harm; shoot; beat; poison; knife; gun; weapon; fight; punch; bomb; burn; threat
        revenge; acid; unconscious; body; corpse; blood; destroy property; sabotage; hang; execute; run over; set fire
        burn down; teach a lesson; rough up; enemy
    """),
}

STRONG = phrases("""
    meth; methamphetamine; heroin; cocaine; fentanyl; bomb; grenade; molotov; sarin; ricin; anthrax; bioweapon; napalm
    launder; counterfeit; shoplift; rob; robbery; embezzle; blackmail; extort; ransomware; malware; phishing; doxx
    dox; murder; assassinate; rape; kidnap; lynch; terrorist; terrorism; traffick; slur; supremacist; supremacy
    genocide; arson; massacre; spyware; keylogger; stalk; hitman; behead; torture; bully; plagiarize; pornography
    porn; disinformation; incest; isis; forge; smuggle; burglary; explosive; carjack; molest; steal; hack; cheat
    erotic; suicide; commit suicide; kill myself; hurt myself; harm myself; end my life; ending my life; end ones life
    end your life; ending life; end it all; ending it all; self harm; painless death; peaceful way to go; way to die
    get away with; hide a body; fake id; fake identity; fake news; nerve agent; date rape drug
    hate speech; racial slur; mass shooting; school shooting; identity theft; credit card fraud; fraud; insider trading
    human trafficking; child labor; child abuse; dog fight; election fraud; eating disorder; tarnish; scam; bribe
    stolen; misinformation; propaganda; deceive; manipulate; discriminate; vandalize; evade tax; tax evasion; gaslight
    racist; sexist; homophobic; degrading; illegally; dogfight; cockfight; poach; overthrow; smear; falsify; mislead
    swindle; defraud; dehumanize; radicalize; black market; catfish; spy; hateful; hate; pickpocket; stab
""")
"""Terms that make a request to *do* something harmful on their own; the others need company."""

AMBIGUOUS = words("""
    kill shoot stab hit beat smash slash execute eliminate terminate destroy burn poison strangle choke attack hurt
    harm punch cut whip hang drown crush annihilate liquidate exterminate slaughter snipe bomb blow shatter slap drug
    trap threaten ruin trick manipulate deceive follow track spy expose embarrass shame insult mock abuse torture
    starve behead neglect rip knock cripple bash suffocate gut decapitate intimidate break murder rob steal cheat
    bully stalk hack scam con blame fool force record push pierce gouge frighten scare exploit harass humiliate
    silence ridicule coerce pressure punish discredit sabotage bait groom lure kick swindle isolate control
""")
"""Verbs that harm when done to a person and are everyday words when done to a process, a weed or a record."""
